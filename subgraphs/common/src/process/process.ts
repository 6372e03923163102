/** What every process of the platform is made of, without database and graph. */
export * from '../caller/caller.js';
export * from '../environment/platform-secret.js';
export * from '../environment/settings.js';
export { BESIDE_WAIT_MS, LONGEST_WAIT_MS, timeAllowed } from '../graph/asked-wait.js';
export * from '../log/log.js';
export { CallerTokens, bearerToken, type TokenClaims } from '../remote/caller-token.js';
export { listen, ListenError, type HttpListener, type ListenAddress } from '../http/http-listener.js';
export { processSettings } from './environment.js';
export { endBodyDeadline } from '../http/body-deadline.js';
export { REQUEST_ID, soundRequestId } from '../http/request-id.js';
export { passedOn, ProxyError, ReverseProxy } from '../proxy/reverse-proxy.js';
export { REFUSED } from '../routes/refusal.js';
export { isBelow } from '../routes/subgraph-route.js';
export { discardRest } from '../uploads/discard-rest.js';
export { multipartBody } from '../remote/multipart-body.js';
export { type UploadedFile } from '../uploads/arriving-file.js';
export * from '../uploads/environment.js';
export { uploadOf, uploadsIn, type Upload } from '../uploads/upload-variables.js';
