import { EngineError } from '../drivers/engine/engine.js';
import { engineRefused, engineUnavailable } from '../errors.js';

/** A failure of the engine as a caller is told of it; any other stays as it is. */
export function shownEngineFailure(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const words = error.message;
  return error.fault === 'INVALID' || error.fault === 'QUOTA' ? engineRefused({ words, cause: error }) : engineUnavailable({ words, cause: error });
}
