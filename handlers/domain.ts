import { Domain } from "domain-engine";

export const domain: Domain = new Domain("shop");

/** Goes before the name of every stream: for installations that share one Redis. */
export const streamPrefix: string = process.env["SHOP_STREAM_PREFIX"] ?? "";
