import { expect, test } from 'vitest';
import { cityNames, isCity, isProvince } from './city.dictionary.js';

test.each([
  ['3301', '杭州'],
  ['1101', '北京'],
  ['1102', '北京'],
  ['1202', '天津'],
  ['3101', '上海'],
  ['5001', '重庆'],
  ['5002', '重庆'],
  ['2327', '大兴安岭地区'],
  ['1522', '兴安盟'],
  ['4331', '湘西土家族苗族自治州'],
  ['4290', '湖北省'],
  ['6590', '新疆维吾尔自治区'],
  ['7100', '台湾省'],
  ['8101', '香港特别行政区'],
  ['8200', '澳门特别行政区'],
  ['4603', '三沙'],
])('%s is shown as %s', { tags: ['interconnect/id/city-names', 'interconnect/id/prefectures', 'interconnect/id/regions-71-82'] }, (code, name) => {
  expect(cityNames().get(code)).toBe(name);
});

test('codes that GB/T 2260 does not have are no cities', { tags: ['interconnect/id/municipalities', 'interconnect/id/city'] }, () => {
  for (const code of ['0000', '1100', '1103', '1190', '3300', '3390', '8102', '9901', '110', '110101', '']) expect(isCity(code), code).toBe(false);
  expect([isProvince('33'), isProvince('99')]).toEqual([true, false]);
});

test('all of the prefectures are there, and nothing below them', { tags: ['interconnect/id/cities'] }, () => {
  expect(cityNames().size).toBeGreaterThan(340);
  expect(cityNames().size).toBeLessThan(370);
  for (const [code, name] of cityNames()) {
    expect(code).toMatch(/^\d{4}$/);
    expect(name).not.toMatch(/市$|^$/);
  }
});
