import { expect, test } from 'vitest';
import { checkCoco } from './coco.check.js';

const files = new Set(['a.png', 'train/b.png', '图片/①.png']);
const good = () => ({
  info: { year: 2026 },
  images: [{ id: 1, file_name: 'a.png', width: 10, height: 20 }, { id: 2, file_name: '图片/①.png' }],
  categories: [{ id: 1, name: '猫', supercategory: 'animal' }, { id: 0, name: 'dog' }],
  annotations: [
    { id: 5, image_id: 1, category_id: 0, bbox: [0, 1.5, 3, 0], area: 4.5, iscrowd: 0, segmentation: [[0, 0, 1, 1, 0.5, 2]] },
    { id: 6, image_id: 2, category_id: 1, segmentation: { counts: [1, 2], size: [10, 20] } },
  ],
});

/** The good labels with one thing changed. */
function changed(change: (labels: any) => void): unknown { // oxlint-disable-line typescript/no-explicit-any -- a test breaks what it likes
  const labels = good();
  change(labels);
  return labels;
}

test('good labels are counted, and what COCO does not name is left alone', () => {
  expect(checkCoco(good(), files)).toEqual({ images: 2, annotations: 2, categories: 2 });
  expect(checkCoco({ images: [], annotations: [], categories: [] }, files)).toEqual({ images: 0, annotations: 0, categories: 0 });
});

// oxlint-disable-next-line typescript/no-explicit-any -- as above
test.each<[string, (labels: any) => void]>([
  ['images: expected a list, got none', (labels) => delete labels.images],
  ['annotations: expected a list, got an object', (labels) => (labels.annotations = {})],
  ['categories: expected a list, got "x"', (labels) => (labels.categories = 'x')],
  ['images[1]: expected an object, got a list of 0', (labels) => (labels.images[1] = [])],
  ['images[1].id: 1 comes twice', (labels) => (labels.images[1].id = 1)],
  ['images[0].id: expected an integer, got "1"', (labels) => (labels.images[0].id = '1')],
  ['images[0].file_name: expected the path of a file of the dataset, got none', (labels) => delete labels.images[0].file_name],
  ['images[0].file_name: the dataset has no file "../../etc/passwd"', (labels) => (labels.images[0].file_name = '../../etc/passwd')],
  ['images[1].file_name: "a.png" is of an image before, too', (labels) => (labels.images[1].file_name = 'a.png')],
  ['images[0].width: expected a number above 0, got 0', (labels) => (labels.images[0].width = 0)],
  ['categories[0].name: expected a text, got 7', (labels) => (labels.categories[0].name = 7)],
  ['categories[1].id: 1 comes twice', (labels) => (labels.categories[1].id = 1)],
  ['annotations[1].id: expected an integer, got 0.5', (labels) => (labels.annotations[1].id = 0.5)],
  ['annotations[1].image_id: expected the id of one of the images, got 9', (labels) => (labels.annotations[1].image_id = 9)],
  ['annotations[0].category_id: expected the id of one of the categories, got none', (labels) => delete labels.annotations[0].category_id],
  ['annotations[0].bbox: expected 4 numbers (x, y, width, height), got 3', (labels) => labels.annotations[0].bbox.pop()],
  ['annotations[0].bbox[2]: expected a finite number, got Infinity', (labels) => (labels.annotations[0].bbox[2] = JSON.parse('1e999'))],
  ['annotations[0].bbox[3]: expected a number from 0, got -1', (labels) => (labels.annotations[0].bbox[3] = -1)],
  ['annotations[0].bbox: expected a list of numbers, got null', (labels) => (labels.annotations[0].bbox = null)],
  ['annotations[0].area: expected a number from 0, got "4"', (labels) => (labels.annotations[0].area = '4')],
  ['annotations[0].segmentation[0][1]: expected a finite number, got "x"', (labels) => (labels.annotations[0].segmentation[0][1] = 'x')],
])('%s', (fault, change) => {
  expect(() => checkCoco(changed(change), files)).toThrow(fault);
});

test.each([null, 7, 'x', [], undefined])('%j are no labels', (labels) => {
  expect(() => checkCoco(labels, files)).toThrow('expected an object with images, annotations and categories');
});
