/**
 * Lines by message id. A message may come more than once (delivery is at least once): its second line is not booked,
 * and counted.
 */
export class Ledger<Line> {
  readonly #lines = new Map<string, Line>();
  #repeats = 0;

  /** False when this message has its line already. */
  book(messageId: string, line: Line): boolean {
    if (this.#lines.has(messageId)) {
      this.#repeats += 1;
      return false;
    }
    this.#lines.set(messageId, line);
    return true;
  }

  get lines(): readonly (readonly [messageId: string, line: Line])[] {
    return [...this.#lines];
  }

  /** How often a message came that was booked before. */
  get repeats(): number {
    return this.#repeats;
  }
}
