import { visible } from '../../shared/wording.ts'

/** A name from a disk: it may hold anything, and must neither steer nor turn around the text it stands in. */
export const Name = ({ children, mono = false }: { children: string; mono?: boolean }) => (
  <bdi className={mono ? 'mono' : undefined} title={children.length > 60 ? visible(children) : undefined}>
    {visible(children)}
  </bdi>
)
