// Reads and writes contact referrals by kitsu, a client of JSON:API for which nothing here was made.
// Arguments: the URL above `contacts`, a token, three contacts. Prints a JSON value a line.
import Kitsu from 'kitsu'

const [baseURL, token, by, to, other] = process.argv.slice(2)
const api = new Kitsu({
  baseURL,
  camelCaseTypes: false,
  pluralize: false,
  resourceCase: 'none',
  headers: { Authorization: `Bearer ${token}` }
})
const print = value => console.log(JSON.stringify(value))
const url = `contacts/${by}/referrals`
const type = 'contact_referrals'
const write = (method, path, body) => api.request({ method, url: path, type, body })

const made = await write('POST', url, { referred_to: { data: { id: to, type: 'contacts' } } })
print({ status: made.status, location: made.headers.location, ...made.data })

const one = `${url}/${made.data.id}`
print((await api.get(one)).data)
print(await api.get(url, { params: { page: 1, per_page: 10 } }).then(({ data, meta }) => ({ ids: data.map(({ id }) => id), ...meta })))

const id = made.data.id
const based = { id, updated_in_db_at: made.data.updated_in_db_at }
const turned = { referred_to: { data: { id: other, type: 'contacts' } } }
print((await write('PATCH', one, { ...based, ...turned })).status)
try {
  await write('PUT', one, { ...based, updated_in_db_at: '2001-01-01T00:00:00Z' })
} catch ({ response, errors }) {
  print({ status: response.status, error: errors[0] })
}
print((await write('PUT', one, { id, overwrite: true, ...turned })).status)
print((await api.delete(url, id)).status)
try {
  await api.get(one)
} catch ({ response, errors }) {
  print({ status: response.status, error: errors[0] })
}
