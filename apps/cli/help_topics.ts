import type { TextStyle } from "@flowtools/common/command_text";

/** Something that several commands have in common, which help tells of. */
export interface HelpTopic {
  /** The word after `flowtools help`. */
  readonly name: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** Makes its text. What it tells of is not loaded before. */
  readonly text: (style: TextStyle) => Promise<string>;
}

/** All topics, in the order of the help. */
export const HELP_TOPICS: readonly HelpTopic[] = [
  {
    name: "where",
    summary: "The expressions of --where, by which every command selects flows",
    text: async (style) => (await import("./help_topic_texts.ts")).whereText(style),
  },
  {
    name: "keys",
    summary: "What top, series and plot group flows by (--by), and what they count (--order)",
    text: async (style) => (await import("./help_topic_texts.ts")).keysText(style),
  },
  {
    name: "fields",
    summary: "What flows have: the names of print --fields, which --where takes, too",
    text: async (style) => (await import("./help_topic_texts.ts")).fieldsText(style),
  },
];
