import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The largest multiple of 62 in a byte: bytes from here on would make the first letters likelier. */
const UNBIASED = 248;

/** As many random letters and digits as the ids of payment providers are made of. */
export function randomLetters(length: number): string {
  let letters = '';
  while (letters.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < UNBIASED && letters.length < length) {
        letters += ALPHABET.charAt(byte % ALPHABET.length);
      }
    }
  }
  return letters;
}
