import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** Ten petrol shades; the seventh is the language's accent by day, and night has tokens of its own (tokens.css). */
const petrol: MantineColorsTuple = [
  '#e2eff5',
  '#c9e1eb',
  '#a3cadb',
  '#7bb3ca',
  '#4f99b7',
  '#2a7f9f',
  '#13739a',
  '#0b6485',
  '#08506b',
  '#063c51',
]

/** What Mantine paints night with, from text to the deepest ground: the tokens instead of its neutral greys. */
const night: MantineColorsTuple = [
  'var(--hf-ink)',
  'var(--hf-ink2)',
  'var(--hf-ink3)',
  'var(--hf-control)',
  'var(--hf-line2)',
  'var(--hf-hover)',
  'var(--hf-raised)',
  'var(--hf-surface)',
  'var(--hf-bg)',
  'var(--hf-sunken)',
]

/** The box stands in the middle of its first line. */
const ticked = { body: { alignItems: 'center' }, label: { fontSize: 13, lineHeight: '20px' } } as const

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, dark: night },
  fontFamily: 'InterVariable, system-ui, sans-serif',
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '24px', xl: '28px' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '15px', lineHeight: '24px' },
      h3: { fontSize: '13px', lineHeight: '20px' },
    },
  },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  defaultRadius: '6px',
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '8px' },
  cursorType: 'pointer',
  components: {
    Button: {
      defaultProps: { size: 'xs' },
      // 28 in rows and headers, 32 in heroes and bars
      vars: (_: unknown, { size }: { size?: unknown }) => ({
        root: {
          '--button-height': size === 'sm' ? '32px' : '28px',
          '--button-padding-x': '12px',
          '--button-fz': '13px',
        },
      }),
      styles: { root: { fontWeight: 500 }, label: { lineHeight: '20px' } },
    },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 28 } },
    TextInput: { defaultProps: { size: 'xs' }, styles: { input: { fontSize: 13, minHeight: 28 } } },
    PasswordInput: {
      defaultProps: { size: 'xs' },
      styles: { input: { fontSize: 13 }, innerInput: { fontSize: 13 } },
    },
    Select: {
      defaultProps: { size: 'xs', allowDeselect: false, checkIconPosition: 'right' },
      styles: { input: { fontSize: 13 } },
    },
    Checkbox: { defaultProps: { size: 'xs' }, styles: ticked },
    Radio: { defaultProps: { size: 'xs' }, styles: ticked },
    Switch: {
      defaultProps: { size: 'xs' },
      styles: { track: { boxShadow: 'inset 0 0 0 1px var(--hf-control)' } },
    },
    SegmentedControl: {
      defaultProps: { size: 'xs', withItemsBorders: false },
      styles: {
        root: { background: 'var(--hf-bg)', border: '1px solid var(--hf-line2)', padding: 1 },
        indicator: { background: 'var(--hf-raised)', boxShadow: '0 0 0 1px var(--hf-line2)' },
        label: { fontSize: 13, padding: '2px 10px' },
      },
    },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 120 } } },
    Skeleton: { defaultProps: { animate: false } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 120 } } },
  },
})
