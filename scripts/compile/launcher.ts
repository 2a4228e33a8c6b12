import { MAIN_FILE } from "./bundle_program.ts";
import { RUN_FLAGS } from "./runtime_flags.ts";

/** What the runtime is called in the folder that it is unpacked to. */
export const RUNTIME_FILE = "deno";

/** A part of the executable behind its first lines, compressed with gzip. */
export interface Part {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The first lines of the executable: a POSIX shell script that unpacks what stands behind it into a
 * cache, once, and becomes the runtime.
 *
 * The cache is a folder that only its owner can write to. What is unpacked there goes to a new
 * folder that is renamed when it is whole, so that starts at the same time do not disturb each
 * other, and one that is interrupted leaves nothing that would be taken for whole.
 *
 * @param version The program's version
 * @param id Name of the contents: other contents, other folder
 * @param parts What stands behind, in this order
 */
export function launcherText(version: string, id: string, parts: readonly Part[]): string {
  // The script's length is part of the script: the field has the same width whatever it holds.
  const draft = script("0".repeat(OFFSET_DIGITS));
  const offset = new TextEncoder().encode(draft).length;
  return script(String(offset).padStart(OFFSET_DIGITS, "0"));

  function script(offset: string): string {
    let at = 0;
    const unpack = parts.map(({ name, bytes }) => {
      const line = `    part ${at} ${bytes.length} ${name} &&`;
      at += bytes.length;
      return line;
    });
    return `#!/bin/sh
# flowtools ${version}, with its runtime behind these lines. It is unpacked once to the first of these
# folders that can be used: FLOWTOOLS_CACHE_DIR, CACHE_DIRECTORY, XDG_CACHE_HOME, ~/.cache, TMPDIR,
# /var/tmp, /tmp; in a folder there that is the user's alone.
id=${id}
offset=${offset}
callers_path=\${PATH-/usr/local/bin:/usr/bin:/bin}
PATH=/usr/bin:/bin

# A folder for the cache that is ours, and that nobody else can write to.
usable() {
  home=$1
  [ -d "$home" ] && [ ! -L "$home" ] && [ -O "$home" ] || return 1
  case $(ls -ld "$home") in d????-??-?*) return 0 ;; esac
  return 1
}

# Bytes from, bytes, name: a part becomes a file.
part() {
  tail -c "+$((\${offset#"\${offset%%[!0]*}"} + $1 + 1))" "$0" | head -c "$2" | gzip -dc >"$new/$3"
}

unpack() {
  # What a start that was killed left; none takes an hour.
  find "$home" -maxdepth 1 -name ".new-*" -mmin +60 -exec rm -rf {} + 2>/dev/null
  new=$(mktemp -d "$home/.new-XXXXXXXX") || return 1
  trap 'rm -rf "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  {
${unpack.join("\n")}
    chmod 0500 "$new/${RUNTIME_FILE}" && mkdir "$new/cache" &&
      DENO_DIR="$new/cache" DENO_NO_UPDATE_CHECK=1 "$new/${RUNTIME_FILE}" --version >/dev/null
  } 2>"$new/errors" || {
    failure="cannot unpack to $home: $(head -n 1 "$new/errors")"
    rm -rf "$new"
    trap - EXIT HUP INT TERM
    return 1
  }
  rm -f "$new/errors"
  # Another start may have been faster: then its folder is as good.
  mv -T "$new" "$home/$id" 2>/dev/null || rm -rf "$new"
  trap - EXIT HUP INT TERM
  [ -x "$home/$id/${RUNTIME_FILE}" ]
}

failure="no folder can be written to"
found=
for base in "\${FLOWTOOLS_CACHE_DIR-}" "\${CACHE_DIRECTORY-}" "\${XDG_CACHE_HOME-}" \\
  "\${HOME:+$HOME/.cache}" "\${TMPDIR-}" /var/tmp /tmp; do
  base=\${base%%:*}
  [ -n "$base" ] || continue
  home=$base/flowtools-$(id -u)
  [ -d "$home" ] || { mkdir -p "$base" && mkdir -m 0700 "$home"; } 2>/dev/null
  usable "$home" || continue
  if [ -x "$home/$id/${RUNTIME_FILE}" ] || unpack; then
    found=$home/$id
    break
  fi
done
if [ -z "$found" ]; then
  echo "flowtools: $failure; name a folder that programs may run from in FLOWTOOLS_CACHE_DIR" >&2
  exit 2
fi

# Called through a link named flow-print, it acts as that command.
case \${0##*/} in
  flow-*) called=\${0##*/} && set -- "\${called#flow-}" "$@" ;;
esac
PATH=$callers_path
DENO_DIR=$found/cache
DENO_NO_UPDATE_CHECK=1
DENO_NO_PACKAGE_JSON=1
export PATH DENO_DIR DENO_NO_UPDATE_CHECK DENO_NO_PACKAGE_JSON
exec "$found/${RUNTIME_FILE}" run ${RUN_FLAGS.join(" ")} "$found/${MAIN_FILE}" "$@"
`;
  }
}

/** Digits of the offset: the script has some thousand bytes. */
const OFFSET_DIGITS = 8;
