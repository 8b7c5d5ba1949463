/** Why a Redis could not be used at start, and what to do about it. */
import { EngineError } from "../../errors.ts";
import { isAuthenticationError, messageOf } from "./driver-errors.ts";

/** What no patience mends, told by the error's text and its codes, and the way out. */
const REFUSALS: readonly { readonly says: RegExp; readonly hint: string }[] = [
  {
    says: /self[- ]signed certificate|unable to verify the first certificate|unable to get (?:local )?issuer certificate|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET)/i,
    hint: "The server's certificate comes from an authority this process does not know: set tls_ca_file in [brokers.…] to that authority's certificate.",
  },
  {
    says: /does not match certificate's altnames|ERR_TLS_CERT_ALTNAME_INVALID/i,
    hint: "The server's certificate is for another name: put a name it carries into the URI, or set tls_server_name in [brokers.…].",
  },
  {
    says: /certificate (?:has expired|is not yet valid)|CERT_(?:HAS_EXPIRED|NOT_YET_VALID)/i,
    hint: "Renew the server's certificate, or set this machine's clock right.",
  },
  {
    says: /alert (?:certificate required|handshake failure|bad certificate|unknown ca|certificate unknown|certificate expired)/i,
    hint: "The server asks for a client certificate it trusts: set tls_cert_file and tls_key_file in [brokers.…].",
  },
  {
    says: /wrong version number|packet length too long|unsupported protocol|alert protocol version/i,
    hint: "What answers there does not speak TLS 1.2 or later: use its TLS port, or a URI that begins with redis instead of rediss.",
  },
  {
    says: /No such master with that name/i,
    hint: "The sentinels watch no primary of that name: the URI names it behind the hosts, redis+sentinel://host:26379/mymaster/0.",
  },
  {
    says: /SELECT is not allowed in cluster mode|cluster support disabled/i,
    hint: "Use redis+cluster:// for a cluster, redis:// for a single server.",
  },
];

function refusalOf(error: unknown): { readonly hint: string } | undefined {
  if (isAuthenticationError(error))
    return { hint: "Check user and password in the broker's URI or in its password_file, and the user's permissions." };
  const text = textOf(error);
  return REFUSALS.find(({ says }) => says.test(text));
}

/** The error's text, its code, and those of the error behind it. */
function textOf(error: unknown): string {
  const { code = "", lastNodeError } = (error ?? {}) as { readonly code?: string; readonly lastNodeError?: unknown };
  const inner = lastNodeError === undefined || lastNodeError === null ? "" : ` ${textOf(lastNodeError)}`;
  return `${messageOf(error)} ${code}${inner}`;
}

/** Whether trying again is of no use before somebody has changed something. */
export function isFinalRefusal(error: unknown): boolean {
  return error !== null && refusalOf(error) !== undefined;
}

/** `lastError`: null when there was only silence. */
export function startFailure(lastError: unknown): EngineError {
  const reason = lastError === null ? "it did not answer" : messageOf(lastError);
  return new EngineError("ENGINE_BROKER_UNAVAILABLE", `cannot use Redis: ${reason}`, {
    hint:
      (lastError === null ? undefined : refusalOf(lastError)?.hint) ??
      "Is Redis running, is the URI in [brokers.…] right, and does it speak TLS there (rediss) or not (redis)? server.start_timeout_seconds says how long to wait for it.",
  });
}
