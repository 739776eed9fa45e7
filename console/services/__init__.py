"""The use cases: page and command line call the same ones and render the same values.

They own the transactions of the store and the permissions. Every function takes the store first
and, where somebody acts, the acting account; values are frozen dataclasses, errors are in
`console.services.errors`.
"""
