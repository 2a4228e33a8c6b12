/** What the system says of a failure, as the runtime words it: text, number, and the call that failed. */
const SYSTEM_MESSAGE = /^(.*) \(os error \d+\)(?:: \w+ '(.*)')?$/s;

/**
 * The message of an error of the system without what says nothing to people: the number, and how the
 * call is named that failed. The file comes first, as in all messages of inputs.
 *
 * @param message What the runtime says
 * @returns Such as `no.ft: No such file or directory`; any other message as it is
 */
export function systemText(message: string): string {
  const [, text, path] = SYSTEM_MESSAGE.exec(message) ?? [undefined, message];
  return path === undefined ? text : `${path}: ${text}`;
}
