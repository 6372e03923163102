/** How much there is in labels that were found good. */
export interface CocoCounts {
  images: number;
  annotations: number;
  categories: number;
}

/** What is wrong with labels, and where: `annotations[3].bbox[2]: expected a finite number, got "x"`. */
export class CocoFault extends Error {
  override readonly name = 'CocoFault';

  constructor(place: string, problem: string) {
    super(`${place}: ${problem}`);
  }
}

type Entry = Readonly<Record<string, unknown>>;

const SHOWN = 60;
const BBOX_NUMBERS = 4;

/**
 * Checks labels in COCO form against the files that they are of: images with the paths of files, categories with names, and
 * annotations that refer to them and have finite numbers. What COCO does not name is left alone.
 *
 * @param labels parsed JSON
 * @param files the paths of the dataset's files
 * @throws CocoFault for the first fault
 */
export function checkCoco(labels: unknown, files: ReadonlySet<string>): CocoCounts {
  const { images, annotations, categories } = listsOf(labels);
  const imageIds = idsOf(images, 'images');
  const categoryIds = idsOf(categories, 'categories');
  idsOf(annotations, 'annotations');
  const named = new Set<string>();
  images.forEach((image, index) => {
    const { file_name: name, width, height } = image;
    const place = `images[${index}].file_name`;
    if (typeof name !== 'string' || name === '') throw new CocoFault(place, `expected the path of a file of the dataset, got ${shown(name)}`);
    if (!files.has(name)) throw new CocoFault(place, `the dataset has no file ${shown(name)}`);
    if (named.has(name)) throw new CocoFault(place, `${shown(name)} is of an image before, too`);
    named.add(name);
    for (const [side, size] of [['width', width], ['height', height]] as const) if (size !== undefined && !(isFinite(size) && size > 0)) throw new CocoFault(`images[${index}].${side}`, `expected a number above 0, got ${shown(size)}`);
  });
  categories.forEach(({ name }, index) => {
    if (typeof name !== 'string' || name === '') throw new CocoFault(`categories[${index}].name`, `expected a text, got ${shown(name)}`);
  });
  annotations.forEach((annotation, index) => checkAnnotation(annotation, `annotations[${index}]`, imageIds, categoryIds));
  return { images: images.length, annotations: annotations.length, categories: categories.length };
}

function listsOf(labels: unknown): Record<'images' | 'annotations' | 'categories', readonly Entry[]> {
  if (!isEntry(labels)) throw new CocoFault('the top', `expected an object with images, annotations and categories, got ${shown(labels)}`);
  const list = (name: string): readonly Entry[] => {
    const entries = labels[name];
    if (!Array.isArray(entries)) throw new CocoFault(name, `expected a list, got ${shown(entries)}`);
    const bad = entries.findIndex((entry) => !isEntry(entry));
    if (bad >= 0) throw new CocoFault(`${name}[${bad}]`, `expected an object, got ${shown(entries[bad])}`);
    return entries as readonly Entry[];
  };
  return { images: list('images'), annotations: list('annotations'), categories: list('categories') };
}

function idsOf(entries: readonly Entry[], list: string): ReadonlySet<unknown> {
  const ids = new Set<unknown>();
  entries.forEach(({ id }, index) => {
    if (!Number.isSafeInteger(id)) throw new CocoFault(`${list}[${index}].id`, `expected an integer, got ${shown(id)}`);
    if (ids.has(id)) throw new CocoFault(`${list}[${index}].id`, `${shown(id)} comes twice`);
    ids.add(id);
  });
  return ids;
}

function checkAnnotation({ image_id: imageId, category_id: categoryId, bbox, area, segmentation }: Entry, place: string, images: ReadonlySet<unknown>, categories: ReadonlySet<unknown>): void {
  if (!images.has(imageId)) throw new CocoFault(`${place}.image_id`, `expected the id of one of the images, got ${shown(imageId)}`);
  if (!categories.has(categoryId)) throw new CocoFault(`${place}.category_id`, `expected the id of one of the categories, got ${shown(categoryId)}`);
  if (bbox !== undefined) checkBox(bbox, `${place}.bbox`);
  if (area !== undefined && !(isFinite(area) && area >= 0)) throw new CocoFault(`${place}.area`, `expected a number from 0, got ${shown(area)}`);
  if (!Array.isArray(segmentation)) return;
  segmentation.forEach((polygon: unknown, index) => checkNumbers(polygon, `${place}.segmentation[${index}]`));
}

/** x, y, width and height in pixels. */
function checkBox(bbox: unknown, place: string): void {
  checkNumbers(bbox, place);
  const box = bbox as number[];
  if (box.length !== BBOX_NUMBERS) throw new CocoFault(place, `expected ${BBOX_NUMBERS} numbers (x, y, width, height), got ${box.length}`);
  for (const side of [2, 3]) if (box[side]! < 0) throw new CocoFault(`${place}[${side}]`, `expected a number from 0, got ${box[side]}`);
}

function checkNumbers(numbers: unknown, place: string): void {
  if (!Array.isArray(numbers)) throw new CocoFault(place, `expected a list of numbers, got ${shown(numbers)}`);
  const bad = numbers.findIndex((number) => !isFinite(number));
  if (bad >= 0) throw new CocoFault(`${place}[${bad}]`, `expected a finite number, got ${shown(numbers[bad])}`);
}

const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value);

const isFinite = (value: unknown): value is number => Number.isFinite(value);

/** A value of JSON in a few letters. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isEntry(value)) return 'an object';
  if (typeof value === 'number') return String(value);
  return JSON.stringify(typeof value === 'string' && value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
}
