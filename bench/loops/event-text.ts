/** An event of 320 bytes in the form `domain.publish` writes: structured CloudEvents 1.0. */

const EVENT_BYTES = 320;
/** Far more keys than messages held at a time, as with orders. */
const KEYS = 10_000;

export function eventText(n: number, sentMs: number): string {
  const key = `order-${String(n % KEYS).padStart(6, "0")}`;
  const id = `01930000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  const event = {
    specversion: "1.0",
    id,
    type: "OrderPlaced",
    source: "bench",
    subject: key,
    time: "2026-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    correlationid: id,
    data: { orderId: key, n, sentMs, note: "" },
  };
  event.data.note = "x".repeat(Math.max(0, EVENT_BYTES - JSON.stringify(event).length));
  return JSON.stringify(event);
}
