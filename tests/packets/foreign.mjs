// Check packets with the JavaScript library jose, which shares nothing with ours.
// Usage: node foreign.mjs JOSE-MODULE < question.json; the question is
// {"work": [{"do": "decrypt" | "verify" | "encrypt" | "sign", "text", "key", "header", "payload"}]}.
import { readFileSync } from "node:fs";

const jose = await import(process.argv[2]);
const { work } = JSON.parse(readFileSync(0, "utf-8"));
const bytes = (text) => new TextEncoder().encode(text);
const words = (data) => new TextDecoder().decode(data);

// One key a JWK: it is the texts that are many.
const keys = new Map();
async function keyOf(jwk, algorithm) {
  const name = JSON.stringify([jwk, algorithm]);
  if (!keys.has(name)) keys.set(name, await jose.importJWK(jwk, algorithm));
  return keys.get(name);
}

const acts = {
  async decrypt({ text, key }) {
    const allowed = {
      keyManagementAlgorithms: ["ECDH-ES+A256KW"],
      contentEncryptionAlgorithms: ["A256GCM"],
    };
    const private_ = await keyOf(key, "ECDH-ES+A256KW");
    return words((await jose.compactDecrypt(text, private_, allowed)).plaintext);
  },
  async verify({ text, key }) {
    const algorithm = key.kty === "OKP" ? "EdDSA" : "ES256";
    const found = await jose.compactVerify(text, await keyOf(key, algorithm), {
      algorithms: [algorithm],
    });
    return words(found.payload);
  },
  async encrypt({ payload, key, header }) {
    const public_ = await keyOf(key, header.alg);
    return new jose.CompactEncrypt(bytes(payload)).setProtectedHeader(header).encrypt(public_);
  },
  async sign({ payload, key, header }) {
    const private_ = await keyOf(key, header.alg);
    return new jose.CompactSign(bytes(payload)).setProtectedHeader(header).sign(private_);
  },
};

const answers = [];
for (const one of work) {
  try {
    answers.push({ ok: await acts[one.do](one) });
  } catch (error) {
    answers.push({ refused: error.code ?? error.name });
  }
}
process.stdout.write(JSON.stringify(answers));
