import type { FilterConfig } from "@flowtools/flowset/select";
import {
  parseXlateConfig,
  type TransformConfig,
  type XlateConfigOptions,
} from "@flowtools/flowset/transform";
import { type ConfigFile, readConfigFile } from "./config_file.ts";
import { loadFilterConfig } from "./load_filter.ts";

/** Filters are named that are not loaded. */
class FiltersNeeded extends Error {
  readonly path: string | undefined;

  constructor(path: string | undefined) {
    super("Filters are needed");
    this.path = path;
  }
}

/**
 * Reads a translation configuration, and the filters and keys that it names. Filters are loaded
 * when the first definition names one: reading begins again then.
 *
 * @param symbols The directory of symbol files, where a flag names one
 */
export async function loadXlateConfig(
  { path: file, text }: ConfigFile,
  { variables, warn }: Pick<XlateConfigOptions, "variables" | "warn">,
  symbols?: string,
): Promise<TransformConfig> {
  const loaded = new Map<string | undefined, FilterConfig>();
  while (true) {
    try {
      return parseXlateConfig(text, {
        file,
        variables,
        warn,
        readKeyFile: (path) => Deno.readTextFileSync(path),
        filters: (path) => {
          const filters = loaded.get(path);
          if (filters === undefined) throw new FiltersNeeded(path);
          return filters;
        },
      });
    } catch (error) {
      if (!(error instanceof FiltersNeeded)) throw error;
      const config = await readConfigFile(error.path, "filter");
      loaded.set(error.path, await loadFilterConfig(config, { variables, warn }, symbols));
    }
  }
}
