type Sign = 'whole' | 'working' | 'waiting' | 'attention'

const grip = (
  <g fill="none" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round">
    <path d="M6.4 2.6v14.6c0 2-.9 3.4-2.9 3.8" />
    <path d="M6.4 14.4a5.9 5.9 0 0 1 11.8 0v2.8c0 2 .8 3.4 2.6 3.8" />
  </g>
)

/** The mark. A whole grip means protected; in every other state its right half gives way to a sign. */
export function Mark({ size = 24, sign = 'whole' }: { size?: number; sign?: Sign }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {sign === 'whole' ? (
        <>
          {grip}
          <circle cx="12.3" cy="17.6" r="3.1" fill="currentColor" />
        </>
      ) : (
        <>
          <clipPath id={`hf-left-${sign}`}>
            <path d="M0 0h11v11.5h-1.5L8 24H0z" />
          </clipPath>
          <g clipPath={`url(#hf-left-${sign})`}>{grip}</g>
          <Overlay sign={sign} />
        </>
      )}
    </svg>
  )
}

function Overlay({ sign }: { sign: Exclude<Sign, 'whole'> }) {
  if (sign === 'attention') {
    return (
      <>
        <path
          d="M16 11.4 9.8 22h12.4z"
          fill="currentColor"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinejoin="round"
        />
        <path d="M16 14.4v3.4" stroke="var(--hf-surface)" strokeWidth="1.8" strokeLinecap="round" />
        <circle cx="16" cy="20.4" r="1.1" fill="var(--hf-surface)" />
      </>
    )
  }
  const path = sign === 'waiting' ? 'M13.4 12.4v9.4M19 12.4v9.4' : 'M16.4 21.6v-9.2M12 16.6l4.4-4.4 4.4 4.4'
  return (
    <path
      d={path}
      fill="none"
      stroke="currentColor"
      strokeWidth="2.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  )
}
