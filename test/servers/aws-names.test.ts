/**
 * Scopes are decided on canonical names. So whatever spelling a real server takes for a secret, and the store hands
 * out, must have that secret's canonical name: else a scope that denies the one would let the other through.
 */
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { awsParameterstore } from '../../src/stores/aws-parameterstore.ts'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import type { SecretStore } from '../../src/stores/store.ts'
import { awsClients, makeParameters, rootKeys } from './aws.ts'
import { outcomeOf, startStore } from './start-store.ts'
import { withServer } from './with-server.ts'

/** Names that are easily taken for each other, or for an address of each other. */
const secretNames = [
  'db',
  'DB',
  'db-backup',
  'db-AbCdEf',
  'app/db',
  'app',
  'db:1',
  'arn',
  'db?',
  'db#',
  'db%2F',
]
const parameterNames = ['db', 'DB', '/app/db', '/app', 'db-backup', '/a/b/db', 'parameter', 'db.1']

/** Ways to write a name otherwise. */
const disguises: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => `/${text}`,
  (text) => `${text}/`,
  (text) => text.replace(/^\//, ''),
  (text) => `./${text}`,
  (text) => `x/../${text}`,
  (text) => text.replaceAll('/', '//'),
  (text) => text.replaceAll('/', '%2F'),
  (text) => encodeURIComponent(text),
  (text) => ` ${text}`,
  (text) => `${text} `,
  (text) => `${text}\u0000`,
  (text) => `${text}?version=1`,
  (text) => `${text}#x`,
  (text) => `${text}:1`,
  (text) => `${text}:label`,
  (text) => `${text}-AbCdEf`,
  (text) => text.slice(0, -1),
  (text) => text.slice(0, -7),
  (text) => text.replace(/^arn:aws:/, 'arn:aws-cn:'),
  (text) => text.replace(/:us-[a-z]+-1:/, '::'),
  (text) => text.replace(/:\d{12}:/, '::'),
  (text) => text.normalize('NFD'),
]

/** How often the server took a generated spelling: a property that nothing ever reached proves nothing. */
async function checkSpellings(
  canonical: (name: string) => string | undefined,
  store: SecretStore,
  beginnings: readonly string[],
): Promise<number> {
  let reached = 0
  const disguise = fc.array(fc.constantFrom(...disguises), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...beginnings), disguise, async (beginning, steps) => {
      const spelling = steps.reduce((text, step) => step(text), beginning)
      const outcome = await outcomeOf(store, spelling)
      if (!('values' in outcome)) return
      reached += 1
      // Each secret's value is its name.
      const [secret = ''] = Object.values(outcome.values)
      expect(canonical(spelling), spelling).toBe(canonical(secret))
    }),
    { numRuns: 300 },
  )
  return reached
}

for (const name of ['ministack-open', 'moto'] as const) {
  withServer(name, ({ url }) => {
    const root = awsClients(url)
    const { region } = root
    const component = { region, accessKey: rootKeys.accessKeyId, secretKey: rootKeys.secretAccessKey }

    describe('any spelling that reaches a secret of Secrets Manager', () => {
      const arns: string[] = []
      beforeAll(async () => {
        for (const Name of secretNames) {
          const { ARN = '' } = await root.secrets.send(new CreateSecretCommand({ Name, SecretString: Name }))
          arns.push(ARN)
        }
      })

      it('is decided as that secret', async () => {
        const { store } = await startStore(awsSecretmanager, { ...component, endpoint: url })
        const reached = await checkSpellings(awsSecretmanager.canonical, store, [...secretNames, ...arns])
        expect(reached).toBeGreaterThan(50)
      })
    })

    describe('any spelling that reaches a parameter of Parameter Store', () => {
      const arns: string[] = []
      beforeAll(async () => {
        await makeParameters(
          root,
          Object.fromEntries(parameterNames.map((parameter) => [parameter, parameter])),
        )
        for (const Name of parameterNames) {
          const { Parameter } = await root.parameters.send(new GetParameterCommand({ Name }))
          arns.push(Parameter?.ARN ?? '')
        }
      })

      it('is decided as that parameter', async () => {
        const { store } = await startStore(awsParameterstore, component, {
          env: { AWS_ENDPOINT_URL_SSM: url },
        })
        const reached = await checkSpellings(awsParameterstore.canonical, store, [...parameterNames, ...arns])
        expect(reached).toBeGreaterThan(50)
      })
    })
  })
}
