import { describe, expect, it } from 'vitest'
import {
  type Diagnostic,
  formatDiagnostic,
  formatForLog,
  hasErrors,
  renderDiagnostic,
} from '../../src/diagnostic.ts'

const diagnostic: Diagnostic = {
  severity: 'error',
  at: { file: 'a.yaml', line: 2, column: 7 },
  component: 'vault',
  message: 'is wrong',
}

describe('a diagnostic', () => {
  it('is one line, like that of a compiler', () => {
    expect(formatDiagnostic(diagnostic)).toBe("a.yaml:2:7: component 'vault': is wrong")
    expect(formatDiagnostic({ ...diagnostic, severity: 'warning' })).toBe(
      "a.yaml:2:7: warning: component 'vault': is wrong",
    )
  })

  it('has no mark of its severity in a log, which has levels', () => {
    expect(formatForLog({ ...diagnostic, severity: 'warning' })).toBe(
      "a.yaml:2:7: component 'vault': is wrong",
    )
  })

  it('stays one line whatever a name holds', () => {
    const line = formatDiagnostic({ ...diagnostic, component: 'a\nb\u001b[31m\u2028' })
    expect(line).toBe("a.yaml:2:7: component 'a\\u000ab\\u001b[31m\\u2028': is wrong")
  })

  it('shows its excerpt with a caret under the column', () => {
    expect(renderDiagnostic({ ...diagnostic, excerpt: 'kind: component' })).toBe(
      "a.yaml:2:7: component 'vault': is wrong\n  kind: component\n        ^",
    )
    expect(renderDiagnostic({ ...diagnostic, excerpt: '\tkind: x' })).toContain('\n  \tkind: x\n  \t     ^')
    expect(renderDiagnostic(diagnostic)).toBe(formatDiagnostic(diagnostic))
  })

  it('is an error or none', () => {
    expect(hasErrors([{ ...diagnostic, severity: 'warning' }])).toBe(false)
    expect(hasErrors([{ ...diagnostic, severity: 'warning' }, diagnostic])).toBe(true)
  })
})
