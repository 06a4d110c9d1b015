import { countField, decodeFields, flagField, maxUint32, textField, timeField } from './fields.ts'
import { jsonString } from './go-json.ts'

/** A lock file's content. */
export interface LockFile {
  time: string
  exclusive: boolean
  hostname: string
  username: string
  pid: number
  uid: number
  gid: number
}

export function encodeLock({ time, exclusive, hostname, username, pid, uid, gid }: LockFile): Buffer {
  let json = `{"time":${jsonString(time)},"exclusive":${exclusive},"hostname":${jsonString(hostname)}`
  json += `,"username":${jsonString(username)},"pid":${pid}`
  if (uid !== 0) json += `,"uid":${uid}`
  if (gid !== 0) json += `,"gid":${gid}`
  return Buffer.from(`${json}}`)
}

/** @throws {AppError} data_corrupt */
export function decodeLock(json: Uint8Array): LockFile {
  const what = 'a lock'
  const fields = decodeFields(what, json)
  return {
    time: timeField(fields, 'time', what),
    exclusive: flagField(fields, 'exclusive', what),
    hostname: textField(fields, 'hostname', what, ''),
    username: textField(fields, 'username', what, ''),
    pid: countField(fields, 'pid', what, Number.MAX_SAFE_INTEGER, 0),
    uid: countField(fields, 'uid', what, maxUint32, 0),
    gid: countField(fields, 'gid', what, maxUint32, 0),
  }
}
