/** What travels: a CloudEvents 1.0 event, decoded. */
export interface Message {
  /** Unique for each event (UUID v7); the same on every delivery and replay of it. */
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** The stream it was read from. */
  readonly stream: string;
  /** Its entry's id in that stream. */
  readonly entryId: string;
  /** CloudEvents `subject`, the aggregate's id: messages of one key are handled in order. */
  readonly key?: string | undefined;
  /** ISO 8601. */
  readonly time?: string | undefined;
  /** Shared by all messages that one first message led to. */
  readonly correlationId: string;
  /** The id of the message whose handler published this one. */
  readonly causationId?: string | undefined;
  /** W3C Trace Context. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly schemaVersion?: string | undefined;
  readonly sequence?: string | undefined;
  /** Every other CloudEvents extension attribute, as text. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload as parsed, not yet validated. */
  readonly data: unknown;
}

/** A message about to be appended; ids and time are filled in by the publisher. */
export interface OutgoingMessage {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly key?: string | undefined;
  readonly time: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly schemaVersion?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly data: unknown;
}
