/** Sub-directories below each other at most: deeper is a loop of links. */
const DIRECTORY_DEPTH_MAX = 32;

/** Which files of a directory count. */
export interface InputOptions {
  /** Include unfinished files, whose names begin with `tmp`. */
  readonly includeTmp?: boolean;
  /** Whether a directory below an operand is looked into; all are where it is not given. */
  readonly enter?: (path: string) => boolean;
}

/**
 * The inputs that operands name: files as they are, directories as the files below them in order
 * of name, standard input as `-`, which is also the default.
 */
export function* listInputs(
  operands: readonly string[],
  options: InputOptions = {},
): Generator<string, void, undefined> {
  if (operands.length === 0) yield "-";
  for (const operand of operands) {
    if (operand !== "-" && isDirectory(operand)) yield* walk(operand, options, 0);
    else yield operand;
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // What cannot be looked at is reported when it is opened.
    return false;
  }
}

function* walk(
  directory: string,
  options: InputOptions,
  depth: number,
): Generator<string, void, undefined> {
  if (depth > DIRECTORY_DEPTH_MAX) {
    throw new RangeError(`Cannot read ${directory}: more than ${DIRECTORY_DEPTH_MAX} levels deep`);
  }
  let names: string[];
  try {
    names = [...Deno.readDirSync(directory)].map((entry) => entry.name).toSorted();
  } catch {
    // It cannot be opened either, which is then reported as for any other input.
    yield directory;
    return;
  }
  const folder = directory.replace(/\/+$/, "");
  for (const name of names) {
    const path = `${folder}/${name}`;
    if (isDirectory(path)) {
      if (options.enter?.(path) ?? true) yield* walk(path, options, depth + 1);
    } else if (options.includeTmp || !name.startsWith("tmp")) yield path;
  }
}
