"""A demonstration with real parts: softphones place real calls through the running platform.

Owns: the cast, the calls, the live picture of them, the verdict over what came of them.
"""
