import { describe } from 'vitest'
import { describeReplay } from './replay.ts'
import { startServer } from './server-process.ts'
import { recordedSetups } from './vectors.ts'

describe('the program, started as daprd is and asked over a socket', () => {
  describeReplay(recordedSetups(), (setup) => startServer(setup), { atOnce: 3 })
})
