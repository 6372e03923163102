import type { Passage } from '../engine/contract.js';

/** 标注管理: the document leaves it to another project. */
export const annotations: Passage = {
  path: '/annotations',
  passOn: '/ai_arts/annotations',
  summary: { en: 'The label server: a browser is sent to it, requests of programs are passed through.', zh: '此处跳转到其他项目' },
};
