import { DECODE_FLAGS } from "@flowtools/common/decode_flags";
import type { Command } from "./command.ts";
import { captureCommand } from "./commands/capture.ts";
import { catCommand } from "./commands/cat.ts";
import { decodeCommand } from "./commands/decode.ts";
import { fanoutCommand } from "./commands/fanout.ts";
import { receiveCommand } from "./commands/receive.ts";
import { filterCommand } from "./commands/filter.ts";
import { exportCommand } from "./commands/export.ts";
import { dscanCommand } from "./commands/dscan.ts";
import { expireCommand } from "./commands/expire.ts";
import { sendCommand } from "./commands/send.ts";
import { genCommand } from "./commands/gen.ts";
import { log2rrdCommand } from "./commands/log2rrd.ts";
import { rpt2rrdCommand } from "./commands/rpt2rrd.ts";
import { rptfmtCommand } from "./commands/rptfmt.ts";
import { headerCommand } from "./commands/header.ts";
import { importCommand } from "./commands/import.ts";
import { mergeCommand } from "./commands/merge.ts";
import { nfilterCommand } from "./commands/nfilter.ts";
import { reportCommand } from "./commands/report.ts";
import { splitCommand } from "./commands/split.ts";
import { maskCommand } from "./commands/mask.ts";
import { statCommand } from "./commands/stat.ts";
import { tagCommand } from "./commands/tag.ts";
import { xlateCommand } from "./commands/xlate.ts";
import { printCommand } from "./commands/print.ts";

/** A command that reads captures and IPFIX files where it reads flows. */
function decoding(command: Command): Command {
  return { ...command, flags: [...command.flags, ...DECODE_FLAGS] };
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  decoding(printCommand),
  decoding(decodeCommand),
  headerCommand,
  decoding(catCommand),
  decoding(mergeCommand),
  decoding(splitCommand),
  decoding(exportCommand),
  importCommand,
  decoding(sendCommand),
  expireCommand,
  captureCommand,
  receiveCommand,
  fanoutCommand,
  decoding(statCommand),
  decoding(reportCommand),
  decoding(nfilterCommand),
  decoding(filterCommand),
  decoding(tagCommand),
  decoding(xlateCommand),
  decoding(maskCommand),
  genCommand,
  decoding(dscanCommand),
  rptfmtCommand,
  log2rrdCommand,
  rpt2rrdCommand,
];
