import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import 'inter-ui/inter-variable.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import './tokens.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openClient } from './client.ts'
import { Frame } from './Frame.tsx'
import { restoreDensity } from './parts/density.ts'
import { Provider } from './store/context.tsx'
import { createMirror, mirror } from './store/store.ts'
import { theme } from './theme.ts'

restoreDensity()
const client = openClient()
const store = createMirror()
mirror(store, client, () => new Date().getTime())

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <Provider value={{ client, store }}>
        <Frame />
      </Provider>
    </MantineProvider>
  </StrictMode>,
)
