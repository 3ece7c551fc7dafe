"""PayPal's face of the sandbox gateway: Orders v2, Payments v2, disputes and webhooks, in PayPal's published shapes.

`python -m prorata.sandbox.gateway --face paypal --api-key CLIENT:SECRET --payee MERCHANTID --secret WEBHOOKID`
"""
