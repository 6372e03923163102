import { expect, test } from 'vitest';
import { HttpMessages } from './http.messages.js';
import { aroundTags, tagIn, tagOf } from './tags.js';

function bodiesOf(text: string, pieceLength: number): string[] {
  const bodies: string[] = [];
  const messages = new HttpMessages(({ body }) => bodies.push(body.toString()));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceLength) messages.add(bytes.subarray(at, at + pieceLength));
  return bodies;
}

test.each([1, 2, 7, 10_000])('messages that come in pieces of %d bytes are told whole, one after the other', (pieceLength) => {
  const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n{"é":1}HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n{}';
  expect(bodiesOf(text, pieceLength)).toEqual(['{"é":1}', '{}']);
});

test.each([1, 3, 10_000])('a body that comes in chunks, in pieces of %d bytes, is told without them', (pieceLength) => {
  const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n';
  expect(bodiesOf(text, pieceLength)).toEqual(['{"a":1}']);
});

test('what is asked is the same around every tag', () => {
  const asked = (request: number): string => `{"tag":"${tagOf(request)}","ids":["${tagOf(request)}-1"]}`;
  expect(asked(1)).not.toBe(asked(2));
  expect(aroundTags(asked(1))).toEqual(aroundTags(asked(2_000_000)));
  expect(aroundTags(asked(7)).join(tagIn(asked(7)))).toBe(asked(7));
});
