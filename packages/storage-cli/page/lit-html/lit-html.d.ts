// the server has lit-html at this address
export * from 'lit-html'
