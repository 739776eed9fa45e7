"""The managed reference application: what an adopter deletes.

Importing it registers its models; `console.shop.views` shows them in the console.
"""

from console.shop.post import Post
from console.shop.product import Product
from console.shop.user import User

__all__ = ["Post", "Product", "User"]
