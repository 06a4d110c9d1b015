export {
  arenaAt,
  leavingAt,
  macKeyAt,
  macLastAt,
  macNonceAt,
  macTagAt,
  overflowAt,
  scratchAt,
  scratchBytes,
} from './layout'
export { macBlocks, macFinish, macLast, macStart } from './mac'
export { scan, scanTables } from './scan-simd'
