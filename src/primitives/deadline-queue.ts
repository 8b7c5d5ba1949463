/**
 * Many deadlines of one length behind one timer. Because every item waits equally long, they expire in the
 * order in which they were added: adding and removing are a map operation, no timer is made for an item.
 */
export class DeadlineQueue<T> {
  readonly #timeoutMs: number;
  readonly #onExpired: (item: T) => void;
  readonly #expiresAt = new Map<T, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(timeoutMs: number, onExpired: (item: T) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onExpired = onExpired;
  }

  add(item: T): void {
    this.#expiresAt.set(item, performance.now() + this.#timeoutMs);
    this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
  }

  delete(item: T): void {
    this.#expiresAt.delete(item);
  }

  /** Stops the timer; items added later start it again. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#expiresAt.clear();
  }

  #expire(): void {
    this.#timer = null;
    const now = performance.now();
    for (const [item, expiresAt] of this.#expiresAt) {
      // A timer may fire a fraction early.
      if (expiresAt > now + 1) {
        this.#timer = setTimeout(() => this.#expire(), expiresAt - now);
        return;
      }
      this.#expiresAt.delete(item);
      this.#onExpired(item);
    }
  }
}
