/** An authority and certificates of its own for a test, made by `openssl` in a temporary folder. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Authority {
  /** Its certificate. */
  readonly caFile: string;
  /** A certificate for these names (`DNS:…`, `IP:…`) and its key. */
  issue(name: string, subjectAltNames: readonly string[]): { readonly certFile: string; readonly keyFile: string };
}

export interface Certificates {
  readonly folder: string;
  createAuthority(name: string): Authority;
  remove(): void;
}

export function createCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "engine-tls-"));
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

  function createAuthority(name: string): Authority {
    const [caFile, caKeyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    openssl("req", "-x509", ...curve, "-keyout", caKeyFile, "-out", caFile, "-days", "2", "-subj", `/CN=${name}`);
    return {
      caFile,
      issue(subject, subjectAltNames) {
        const file = (extension: string): string => join(folder, `${name}-${subject}.${extension}`);
        openssl("req", ...curve, "-keyout", file("key"), "-out", file("csr"), "-subj", `/CN=${subject}`);
        writeFileSync(file("ext"), subjectAltNames.length > 0 ? `subjectAltName=${subjectAltNames.join(",")}\n` : "\n");
        openssl(
          "x509",
          "-req",
          "-in",
          file("csr"),
          "-CA",
          caFile,
          "-CAkey",
          caKeyFile,
          "-CAcreateserial",
          "-out",
          file("crt"),
          "-days",
          "2",
          "-extfile",
          file("ext"),
        );
        return { certFile: file("crt"), keyFile: file("key") };
      },
    };
  }

  return { folder, createAuthority, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
