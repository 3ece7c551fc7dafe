"""The living catalogue: every component of the portal in every state, drawn by the templates that the pages use.

`made_up` makes what the pages show: objects of the real kinds that are never stored. `pages` says which template is shown
with which of them. Prices, floors and words come from the same functions as everywhere.
"""
