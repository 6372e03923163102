import { httpServer, type TestHttpServer } from '@hutong/common/testkit';

/** A label server that says what it was asked. */
export function startLabelServer(): Promise<TestHttpServer> {
  return httpServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify({ method: request.method, url: request.url }));
    }).on('error', () => undefined);
  });
}
