import type { Contract, OperationRoute, Route } from '../engine/contract.js';
import { failure, type FailureCode } from '../engine/failure.js';

const ANY: readonly FailureCode[] = ['METHOD_NOT_ALLOWED', 'TIMEOUT', 'INTERNAL_SERVER_ERROR'];
const ASKED: readonly FailureCode[] = ['BAD_INPUT', 'LIMIT_EXCEEDED', 'SUBGRAPH_UNAVAILABLE'];
const WITH_CREDENTIAL: readonly FailureCode[] = ['CREDENTIAL_MISSING', 'CREDENTIALS_DIFFER', 'UNAUTHENTICATED', 'FORBIDDEN', 'CSRF_TOKEN_WRONG'];
const BODY: readonly FailureCode[] = ['MEDIA_TYPE_UNSUPPORTED', 'BODY_TOO_LARGE'];

const BY_SOURCE: Readonly<Record<OperationRoute<unknown, unknown>['takes']['from'], readonly FailureCode[]>> = {
  nothing: [],
  query: [],
  body: BODY,
  batch: BODY,
  form: [...BODY, 'COMMAND_UNKNOWN'],
  upload: [...BODY, 'FILE_MISSING', 'FILES_TOO_LARGE'],
};

/** Every failure that a row may answer. */
export function failureCodes(row: Route): readonly FailureCode[] {
  if ('readiness' in row) return ANY;
  return [
    ...new Set([
      ...ANY,
      ...ASKED,
      ...(row.method === 'GET' ? [] : (['FOREIGN_PAGE'] as const)),
      ...(row.credential === 'required' ? WITH_CREDENTIAL : []),
      ...BY_SOURCE[row.takes.from],
      ...(row.refuses ?? []),
    ]),
  ];
}

/** Every failure of ours that a passage may answer. */
export const passageFailureCodes: readonly FailureCode[] = [...ANY, ...WITH_CREDENTIAL, 'FOREIGN_PAGE', 'LIMIT_EXCEEDED', 'SUBGRAPH_UNAVAILABLE', 'LABEL_SERVER_NOT_CONFIGURED', 'LABEL_SERVER_UNAVAILABLE', 'NOT_FOUND', 'PATH_INVALID'];

/** The codes by the HTTP status with which the contract tells of them. */
export function byStatus(contract: Contract, codes: readonly FailureCode[]): ReadonlyMap<number, readonly FailureCode[]> {
  return Map.groupBy(codes, (code) => contract.envelope.failure(failure(code, ''), contract.errors[code], '').status);
}
