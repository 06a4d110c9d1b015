import { Button, Menu, NumberInput, Popover, TextInput } from '@mantine/core'
import { IconCheck, IconChevronDown } from '@tabler/icons-react'
import { useState, type ReactNode, type Ref } from 'react'
import classes from './Chip.module.css'

/** A value in a sentence that can be changed in place. */
function Face({
  children,
  label,
  off = false,
  ref,
  ...rest
}: {
  children: ReactNode
  /** What the value is of, for those who do not see the sentence around it. */
  label: string
  /** It says that something is not wanted. */
  off?: boolean
  ref?: Ref<HTMLButtonElement>
} & Omit<React.ComponentProps<'button'>, 'ref'>) {
  return (
    <button
      type="button"
      {...rest}
      ref={ref}
      className={classes['chip']}
      data-off={off}
      aria-label={`${label}: ${textOf(children)}`}
    >
      <span>{children}</span>
      <IconChevronDown size={14} aria-hidden="true" />
    </button>
  )
}

const textOf = (children: ReactNode): string =>
  Array.isArray(children) ? children.map(textOf).join('') : String(children ?? '')

export function ChipMenu<T extends string>({
  label,
  value,
  options,
  onChange,
  shown,
}: {
  label: string
  value: T
  options: readonly (readonly [value: T, words: string])[]
  onChange: (value: T) => void
  /** What stands in the sentence, where that is not the option's words. */
  shown?: string
}) {
  return (
    <Menu position="bottom-start" transitionProps={{ duration: 120 }}>
      <Menu.Target>
        <Face label={label}>{shown ?? options.find(([each]) => each === value)?.[1] ?? value}</Face>
      </Menu.Target>
      <Menu.Dropdown style={{ maxHeight: 320, overflow: 'auto' }}>
        {options.map(([each, words]) => (
          <Menu.Item
            key={each}
            onClick={() => onChange(each)}
            rightSection={each === value ? <IconCheck size={14} aria-hidden="true" /> : null}
            aria-current={each === value}
          >
            {words}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** A chip whose value is typed: it is taken when it can be read, by Enter or by leaving. */
export function ChipText({
  label,
  value,
  read,
  onChange,
  wrong,
  shown,
  mono = false,
}: {
  label: string
  value: string
  /** The value that the text stands for; null for none. */
  read: (text: string) => string | null
  onChange: (value: string) => void
  /** What to say of a text that can't be read. */
  wrong: string
  shown?: string
  mono?: boolean
}) {
  const [text, setText] = useState<string | null>(null)
  const opened = text !== null
  const taken = text === null ? value : read(text)
  const done = () => {
    if (taken !== null && taken !== value) onChange(taken)
    setText(null)
  }
  return (
    <Popover
      opened={opened}
      onChange={open => !open && done()}
      position="bottom-start"
      trapFocus
      returnFocus
      withRoles={false}
    >
      <Popover.Target>
        <Face
          label={label}
          aria-haspopup="dialog"
          aria-expanded={opened}
          onClick={() => (opened ? done() : setText(value))}
        >
          {shown ?? value}
        </Face>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={label}>
        <div className={classes['editor']}>
          <TextInput
            label={label}
            data-autofocus
            value={text ?? value}
            error={taken === null ? wrong : null}
            {...(mono && { styles: { input: { fontFamily: 'var(--mantine-font-family-monospace)' } } })}
            onChange={event => setText(event.currentTarget.value)}
            onFocus={event => event.currentTarget.select()}
            onKeyDown={event => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              if (taken !== null) done()
            }}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

/** A chip whose value is a number of something. */
export function ChipNumber({
  label,
  value,
  min,
  max,
  unit,
  shown,
  off = false,
  zero,
  onChange,
}: {
  label: string
  value: number
  min: number
  max: number
  unit: string
  shown: string
  off?: boolean
  /** Words of a button that sets it to 0. */
  zero?: string
  onChange: (value: number) => void
}) {
  const [typed, setTyped] = useState<number | null>(null)
  const opened = typed !== null
  const done = (next: number | null = typed) => {
    if (next !== null && Number.isInteger(next) && next >= min && next <= max && next !== value)
      onChange(next)
    setTyped(null)
  }
  return (
    <Popover
      opened={opened}
      onChange={open => !open && done()}
      position="bottom-start"
      trapFocus
      returnFocus
      withRoles={false}
    >
      <Popover.Target>
        <Face
          label={label}
          off={off}
          aria-haspopup="dialog"
          aria-expanded={opened}
          onClick={() => (opened ? done() : setTyped(value))}
        >
          {shown}
        </Face>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={label}>
        <div className={classes['editor']}>
          <NumberInput
            label={label}
            size="xs"
            w={96}
            data-autofocus
            min={min}
            max={max}
            allowDecimal={false}
            clampBehavior="strict"
            value={typed ?? value}
            onChange={next => setTyped(typeof next === 'number' ? next : min)}
            onFocus={event => event.currentTarget.select()}
            onKeyDown={event => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              done()
            }}
          />
          <span className={classes['unit']}>{unit}</span>
          {zero !== undefined && value !== 0 && (
            <Button variant="subtle" onClick={() => done(0)}>
              {zero}
            </Button>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

export function Sentence({ children, large = false }: { children: ReactNode; large?: boolean }) {
  return (
    <div className={classes['sentence']} data-large={large}>
      {children}
    </div>
  )
}
