import type { Money } from "./money.ts";

export interface Charge {
  /** The same key twice is one charge. */
  readonly idempotencyKey: string;
  readonly card: string;
  readonly money: Money;
}

export type ChargeResult = { readonly kind: "taken" } | { readonly kind: "refused"; readonly reason: string };

/** The line to the gateway broke: a retry may help. */
export class GatewayUnreachableError extends Error {
  readonly code = "ECONNRESET";

  constructor() {
    super("the payment gateway closed the connection");
    this.name = "GatewayUnreachableError";
  }
}

/**
 * Stands for a payment provider on the network. About three charges in a hundred fail at the first call, some of them at
 * the second too; then they go through. Which ones depends on the idempotency key alone, so that every run is the same.
 */
export class PaymentGateway {
  readonly #failures = new Map<string, number>();

  async charge({ idempotencyKey, card }: Charge, signal: AbortSignal): Promise<ChargeResult> {
    signal.throwIfAborted();
    const failed = this.#failures.get(idempotencyKey) ?? 0;
    if (failed < brokenCalls(idempotencyKey)) {
      this.#failures.set(idempotencyKey, failed + 1);
      throw new GatewayUnreachableError();
    }
    this.#failures.delete(idempotencyKey);
    return card.startsWith("declined") ? { kind: "refused", reason: "card declined" } : { kind: "taken" };
  }
}

function brokenCalls(key: string): number {
  const lot = hash(key) % 1000;
  if (lot < 6) return 2;
  return lot < 30 ? 1 : 0;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
