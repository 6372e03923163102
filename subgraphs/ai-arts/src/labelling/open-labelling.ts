import type { House } from '@hutong/common';
import type { DatasetService } from '../dataset/dataset.service.js';
import type { AiArtsSettings } from '../environment.js';
import type { DerivedFiles } from '../files/derived.files.js';
import type { FileSets } from '../files/file-sets.js';
import { AnnotationImports } from './annotation.imports.js';
import { CallerAssertions } from './caller.assertion.js';
import { CocoChecker } from './coco.checker.js';
import { LabelExport } from './label.export.js';
import { CONTRACT_ANNOTATIONS, LabelGate } from './label.gate.js';
import { LabelProxy } from './label.proxy.js';
import { LabelServer } from './label.server.js';
import { LabellingService } from './labelling.service.js';

export interface LabellingParts {
  house: Pick<House, 'secret'>;
  datasets: DatasetService;
  files: FileSets;
  derivedFiles: DerivedFiles;
  settings: Pick<AiArtsSettings, 'labelServer' | 'dataDirectory'>;
}

/** Annotations as resolvers and routes use them. */
export interface Labelling {
  labelling: LabellingService;
  labelGate: LabelGate;
  /** A JWK Set; empty without a label server, or where it shares a secret with us. */
  assertionKeys: CallerAssertions['keys'];
  stop(): Promise<void>;
}

export async function openLabelling({ house, datasets, files, derivedFiles, settings: { labelServer: settings, dataDirectory } }: LabellingParts): Promise<Labelling> {
  if (!settings) return { labelling: new LabellingService({ datasets, reached: undefined }), labelGate: new LabelGate(undefined), assertionKeys: { keys: [] }, stop: async () => undefined };
  const server = new LabelServer(settings);
  const assertions = await CallerAssertions.open({ platformSecret: house.secret, sharedSecret: settings.secret, audience: server.audience });
  const proxy = new LabelProxy({ server, assertions, settings, path: CONTRACT_ANNOTATIONS });
  const labels = new LabelExport({ server, assertions, settings });
  const imports = new AnnotationImports({ datasets, files, derivedFiles, labels, checker: new CocoChecker(), settings: { dataDirectory, importBytes: settings.importBytes } });
  return {
    labelling: new LabellingService({ datasets, reached: { server, imports } }),
    labelGate: new LabelGate({ server, proxy }),
    assertionKeys: assertions.keys,
    async stop() {
      await proxy.close();
      await labels.close();
    },
  };
}
