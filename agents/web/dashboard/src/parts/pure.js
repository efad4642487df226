// A component that draws anew only when one of its properties is another object: what stands still costs nothing.
import { Component, h } from 'preact'

export function pure(Draw) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)])
      for (const name of names) if (next[name] !== this.props[name]) return true
      return false
    }
    render(props) {
      return h(Draw, props)
    }
  }
}
