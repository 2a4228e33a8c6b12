/**
 * The collector: `flowtools capture` without the other commands, for those who want to give it the
 * permissions that it needs and no more.
 *
 * @module
 */
import { captureWith, SINK_KINDS } from "./mod.ts";

if (import.meta.main) Deno.exit(await captureWith(Deno.args, SINK_KINDS));
