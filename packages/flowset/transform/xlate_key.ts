import { ConfigError } from "../config/error.ts";
import type { ConfigLine, ConfigWord } from "../config/lexer.ts";
import { scanInteger } from "../config/numbers.ts";
import { Anonymizer } from "./anonymize.ts";
import { CRYPTOPAN_KEY_BYTES } from "./cryptopan.ts";

const KEY_DIGITS_MAX = 2 * CRYPTOPAN_KEY_BYTES;
const MINUTE_SECS = 60;
const HOUR_SECS = 3600;
const DAY_SECS = 86400;

const EXPECTED_KEY = `up to ${KEY_DIGITS_MAX} hexadecimal digits`;

/** What an anonymizing action needs from outside. */
export interface KeyAccess {
  /** Reads a file with a key. */
  readonly readKeyFile: (path: string) => string;
  /** Unix seconds now. */
  readonly now: () => number;
  /** Told what goes wrong when a key is read again. */
  readonly warn: (message: string) => void;
}

/** What the lines of an anonymizing action set. */
export interface KeySettings {
  algorithm?: "cryptopan-aes128";
  key?: Uint8Array;
  file?: ConfigWord;
  refresh?: { readonly interval: number; readonly next: number };
}

/** Reads hexadecimal digits, right-aligned: what is not given in front is 0. */
function decodeKey(text: string): Uint8Array | undefined {
  if (text.length > KEY_DIGITS_MAX || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Uint8Array.fromHex(text.padStart(KEY_DIGITS_MAX, "0"));
}

/** Reads the word after `key`. */
export function readKey(line: ConfigLine): Uint8Array {
  const word = line.expect("a key");
  return decodeKey(word.text) ?? line.fail(word, `"${word.text}" is no key`, EXPECTED_KEY);
}

/** Reads a key from a file, of which only the first digits count. */
export function readKeyFile(word: ConfigWord, { readKeyFile }: KeyAccess): Uint8Array {
  const key = decodeKey(readKeyFile(word.text).trimEnd().slice(0, KEY_DIGITS_MAX));
  if (key !== undefined) return key;
  throw new ConfigError(word, `"${word.text}" holds no key`, EXPECTED_KEY);
}

/** Reads the words after `key-file-refresh`: minutes, and the local time of the first refresh. */
export function readRefresh(line: ConfigLine, { now }: KeyAccess): KeySettings["refresh"] {
  const word = line.expect("minutes between two refreshes");
  const minutes = scanInteger(word.text);
  if (minutes < 1) line.fail(word, `"${word.text}" is no interval`, "1 minute or more");
  const time = line.next();
  const parts = time?.text.split(":") ?? [];
  if (parts.length > 3) line.fail(time!, `"${time!.text}" is no time of day`, "hh:mm:ss");
  const next = firstRefresh(now(), minutes, parts.map(scanInteger));
  return { interval: minutes * MINUTE_SECS, next };
}

/** The first refresh in the future: at a time of day, or where the interval divides the hour. */
function firstRefresh(now: number, minutes: number, time: readonly number[]): number {
  const date = new Date(now * 1000);
  const [hour = 0, minute = 0, second = 0] = time;
  if (hour !== 0 || minute !== 0 || second !== 0) {
    date.setHours(hour, minute, second, 0);
    const next = Math.floor(date.getTime() / 1000);
    return next < now ? next + DAY_SECS : next;
  }
  const end = Math.floor(date.getMinutes() / minutes) * minutes + minutes;
  date.setMinutes(end >= 60 ? end - 60 : end, 0, 0);
  const next = Math.floor(date.getTime() / 1000);
  return next < now ? next + HOUR_SECS : next;
}

/** How to make the anonymizer of an action, which must have an algorithm and a key. */
export function anonymizerOf(
  name: ConfigWord,
  { algorithm, key, file, refresh }: KeySettings,
  access: KeyAccess,
): () => Anonymizer {
  if (algorithm === undefined) {
    const expected = 'a line "algorithm cryptopan-aes128"';
    throw new ConfigError(name, `action "${name.text}" has no algorithm`, expected);
  }
  if (key === undefined || key.every((byte) => byte === 0)) {
    throw new ConfigError(name, `action "${name.text}" has no key`, '"key" or "key-file"');
  }
  if (refresh === undefined) return () => new Anonymizer(key);
  if (file === undefined) {
    throw new ConfigError(name, `action "${name.text}" has no file to refresh from`, '"key-file"');
  }
  const { now, warn } = access;
  const read = () => readKeyFile(file, access);
  return () => new Anonymizer(key, { ...refresh, now, warn, read });
}
