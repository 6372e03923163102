import { failure } from './failure.js';

/** One text of a form: its bytes, each a character, and the charset that they are said to be in. */
export interface MultipartField {
  key: string;
  characters: string;
  charset: string | undefined;
}

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^;\s"]{1,70}))/i;
const DISPOSITION = /^content-disposition:[ \t]*form-data[ \t]*(;.*)$/im;
const NAME = /;[ \t]*name=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i;
const FILE = /;[ \t]*filename\*?=/i;
const CHARSET = /^content-type:.*;[ \t]*charset="?([\w.:-]+)/im;

/**
 * The texts of a multipart form (RFC 7578) that has come whole; files are left out. Node's own parser takes a boundary for
 * found wherever its last letters stand, and the usual libraries decode values without telling how.
 *
 * @throws Failure MEDIA_TYPE_UNSUPPORTED when the body is not what the type says
 */
export function* multipartFields(bytes: Buffer, contentType: string): Iterable<MultipartField> {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw broken('no boundary');
  const [, ...sections] = `\r\n${bytes.toString('latin1')}`.split(`\r\n--${boundary}`);
  const end = sections.findIndex((section) => section.startsWith('--'));
  if (end < 0) throw broken('no end');
  for (const section of sections.slice(0, end)) {
    const field = fieldOf(section);
    if (field) yield field;
  }
}

function fieldOf(section: string): MultipartField | undefined {
  const headersEnd = section.indexOf('\r\n\r\n');
  if (!/^[ \t]*\r\n/.test(section) || headersEnd < 0) throw broken('a part without headers');
  const headers = section.slice(0, headersEnd);
  const [, parameters = ''] = DISPOSITION.exec(headers) ?? [];
  const [, quoted, plain] = NAME.exec(parameters) ?? [];
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
  if (key === undefined) throw broken('a part without a name');
  if (FILE.test(parameters)) return undefined;
  return { key, characters: section.slice(headersEnd + 4), charset: CHARSET.exec(headers)?.[1] };
}

const broken = (what: string) => failure('MEDIA_TYPE_UNSUPPORTED', `the body is not valid multipart/form-data: ${what}`);
