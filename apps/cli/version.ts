import config from "./deno.json" with { type: "json" };

/** The version of the command line. */
export const VERSION: string = config.version;
