import { registerEnumType } from 'type-graphql';
import { cityNames } from '../computing-identifier/city.dictionary.js';

/** What a code is a code of. */
export enum CodeKind {
  CITY = 'CITY',
  INDUSTRY = 'INDUSTRY',
  ORGANIZATION = 'ORGANIZATION',
  RESOURCE_TYPE = 'RESOURCE_TYPE',
  AVAILABILITY_ZONE = 'AVAILABILITY_ZONE',
  SERVICE_TYPE = 'SERVICE_TYPE',
}

registerEnumType(CodeKind, {
  name: 'CodeKind',
  description: 'What a code of a computing identifier is a code of.',
  valuesConfig: {
    CITY: { description: 'A city of GB/T 2260, four digits: of the user (city) or of the data centre (region).' },
    INDUSTRY: { description: 'An industry, two letters.' },
    ORGANIZATION: { description: 'A provider, five digits.' },
    RESOURCE_TYPE: { description: 'A row of the resource catalogue, three digits.' },
    AVAILABILITY_ZONE: { description: 'A zone within a region, six digits.' },
    SERVICE_TYPE: { description: 'A row of the service catalogue, three digits.' },
  },
});

export interface NamedCode {
  kind: CodeKind;
  code: string;
  name: string;
}

/** The names every registry begins with: those of the contract's sample, and the cities of GB/T 2260. */
export function seededNames(): NamedCode[] {
  const cities = [...cityNames()].map(([code, name]) => ({ kind: CodeKind.CITY, code, name }));
  return [
    { kind: CodeKind.INDUSTRY, code: 'tc', name: '通信' },
    { kind: CodeKind.ORGANIZATION, code: '20004', name: '中科曙光' },
    { kind: CodeKind.RESOURCE_TYPE, code: '401', name: '智算' },
    { kind: CodeKind.RESOURCE_TYPE, code: '402', name: '超算' },
    { kind: CodeKind.RESOURCE_TYPE, code: '403', name: '通算' },
    { kind: CodeKind.SERVICE_TYPE, code: '009', name: '主机' },
    { kind: CodeKind.AVAILABILITY_ZONE, code: '502601', name: '可用区一' },
    ...cities,
  ];
}
