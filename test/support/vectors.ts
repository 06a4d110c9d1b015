import { readFileSync } from 'node:fs'

const folder = new URL('../fixtures/vectors/', import.meta.url)

export const goldenArchive = new URL('golden-repo.tar.gz', folder)

interface Sealed {
  id: string
  raw_hex: string
  json: string
}

export interface ManifestEntry {
  path: string
  path_raw_hex: string
  stored_name: string
  type: string
  go_mode: number
  perm_octal: string
  uid: number
  gid: number
  mtime: string
  size: number
  inode: number
  links?: number
  linktarget?: string
  extended_attributes?: { name: string; value: string }[]
  /** Of the whole file. */
  sha256?: string
  content_bytes?: number
  blobs?: number
}

interface Vectors {
  password: string
  password2: string
  keys: {
    file: string
    raw_utf8: string
    opens_with_password: string
    scrypt_output_hex: string
    user_aes256_key_hex: string
    user_mac_k_hex: string
    user_mac_r_hex_unmasked: string
    master_json: string
  }[]
  master: { encrypt_hex: string; mac_k_hex: string; mac_r_hex_unmasked: string; mac_r_hex_clamped: string }
  config: {
    raw_hex: string
    iv_hex: string
    ciphertext_hex: string
    poly1305_s_hex: string
    mac_hex: string
    plaintext_utf8: string
  }
  seal: {
    aes256_key_hex: string
    mac_k_hex: string
    mac_r_hex: string
    iv_hex: string
    plaintext_len: number
    sealed_hex: string
  }[]
  poly1305_aes: {
    k_hex: string
    r_hex: string
    nonce_hex: string
    aes_k_nonce_hex: string
    length: number
    mac_hex: string
  }[]
  snapshots: (Sealed & { first_plaintext_byte: number })[]
  index: Sealed[]
  packs: {
    id: string
    size: number
    header_field_le32: number
    header_plain_hex: string
    entries: { type: number; offset: number; length: number; uncompressed_length: number; id: string }[]
  }[]
  tree_blobs: { id: string; pack: string; length: number; json: string }[]
  data_blobs: { id: string; pack: string; length: number }[]
  zero_chunk_sha256_512KiB: string
  empty_sha256: string
}

/** Known answers from restic 0.14.0; the field names are the file's own. */
export const vectors = JSON.parse(readFileSync(new URL('vectors.json', folder), 'utf8')) as Vectors

/** What the golden repository holds, by snapshot, decoded by an independent reader. */
export const goldenManifest = JSON.parse(readFileSync(new URL('golden-manifest.json', folder), 'utf8')) as {
  snapshots: { id: string; time: string; tree: string; paths: string[]; hostname: string; tags: string[] }[]
  trees: Record<string, ManifestEntry[]>
}

export const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex')
