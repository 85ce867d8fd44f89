/** How deep parts may contain parts; real mail stays below five. */
const DEPTH_MAX = 10;

export interface ParsedMail {
  readonly subject: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string | null;
  readonly html: string | null;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Reads what a person wants to see of a raw message (RFC 5322, 2045, 2047); attachments are left out. */
export function parseMail(raw: Buffer): ParsedMail {
  // One character for one byte: each part says itself which character set its bytes are in.
  const message = parsePart(raw.toString('latin1'));
  const parts = leaves(message);
  const header = (name: string): string => decodeWords(message.headers.get(name) ?? '');
  return {
    subject: header('subject'),
    from: header('from'),
    to: [header('to'), header('cc'), header('bcc')].flatMap(splitAddresses),
    text: bodyOf(parts, 'text/plain'),
    html: bodyOf(parts, 'text/html'),
  };
}

/** The bare address of `Name <local@domain>`, or undefined for what is no address. */
export function bareAddress(address: string): string | undefined {
  const inner = /<([^<>]*)>\s*$/.exec(address)?.[1] ?? address;
  return /^[^\s@<>",;]+@[^\s@<>",;]+\.[^\s@<>",;]+$/.test(inner.trim()) ? inner.trim() : undefined;
}

/** Splits a list of addresses at the commas that are not inside a quoted name. */
function splitAddresses(list: string): string[] {
  const found = list.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [];
  return found.map((address) => address.trim()).filter((address) => address !== '');
}

function parsePart(source: string): Part {
  const [head = '', ...rest] = source.split(/\r?\n\r?\n/);
  const separator = /\r?\n\r?\n/.exec(source);
  const body =
    rest.length === 0 || separator === null
      ? ''
      : source.slice(separator.index + separator[0].length);
  const lines = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
  });
  return { headers: new Map(headers), body };
}

function leaves(part: Part, depth = 0): Part[] {
  const type = part.headers.get('content-type') ?? '';
  const boundary = parameter(type, 'boundary');
  if (!/^multipart\//i.test(type) || boundary === undefined || depth >= DEPTH_MAX) return [part];
  const [, ...sections] = `\n${part.body}`.split(`\n--${boundary}`);
  return sections
    .filter((section) => !section.startsWith('--'))
    .flatMap((section) => leaves(parsePart(section.replace(/^\r?\n|\r$/g, '')), depth + 1));
}

function bodyOf(parts: readonly Part[], type: string): string | null {
  const part = parts.find(({ headers }) => {
    const declared = (headers.get('content-type') ?? 'text/plain').toLowerCase();
    const attached = headers.get('content-disposition')?.toLowerCase().startsWith('attachment');
    return declared.startsWith(type) && attached !== true;
  });
  if (part === undefined) return null;
  const charset = parameter(part.headers.get('content-type') ?? '', 'charset') ?? 'utf-8';
  return decodeBytes(transferDecode(part), charset);
}

function transferDecode({ headers, body }: Part): Buffer {
  switch (headers.get('content-transfer-encoding')?.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64');
    case 'quoted-printable':
      return quotedPrintable(body.replace(/=[ \t]*\r?\n/g, ''));
    default:
      return Buffer.from(body, 'latin1');
  }
}

function quotedPrintable(text: string): Buffer {
  const plain = text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

/** Encoded words of a header: `=?utf-8?B?...?=`; spaces between two of them do not count. */
function decodeWords(header: string): string {
  const bytes = Buffer.from(header, 'latin1').toString('utf8');
  return bytes
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(
      /=\?([^?]+)\?([BbQq])\?([^?]*)\?=/g,
      (_, charset: string, kind: string, text: string) =>
        decodeBytes(
          kind.toUpperCase() === 'B'
            ? Buffer.from(text, 'base64')
            : quotedPrintable(text.replaceAll('_', ' ')),
          charset,
        ),
    );
}

function decodeBytes(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    // A label that nobody knows: showing the bytes as they are is better than losing the mail.
    if (error instanceof RangeError) return bytes.toString('latin1');
    throw error;
  }
}

function parameter(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(header);
  return found?.[1] ?? found?.[2];
}
