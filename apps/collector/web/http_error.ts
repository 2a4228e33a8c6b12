/** A request that cannot be answered as asked: what the visitor is told. */
export class HttpError extends Error {
  override name = "HttpError";
  /** The HTTP status. */
  readonly status: number;
  /** What is wrong, as a word that programs can rely on. */
  readonly code: string;
  /** Headers that go with it. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Makes an error.
   *
   * @param status The HTTP status
   * @param code What is wrong, as a word
   * @param message What is wrong, as a sentence; it must tell nothing of this host
   * @param headers Headers that go with it
   */
  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}
