"""Hill saturation: diminishing returns of adstocked media.

h(x) = x^α / (x^α + inflexion^α), inflexion = γ · max of the adstocked media
over the modelling window (Robyn 3.12). n rows, m media, c candidates.
"""

import numpy as np
from mmmflow_native.problem import FloatArray


def inflexions(adstocked: FloatArray, gammas: FloatArray) -> FloatArray:
    """Where the response is half its limit, (m, c), on the media's scale.

    `adstocked` (w, m, c) is the modelling window; gammas are (m, c).
    """
    points: FloatArray = adstocked.max(axis=0) * gammas
    return points


def hill(
    x: FloatArray, alphas: FloatArray, inflexion: FloatArray
) -> FloatArray:
    """Saturated response in [0, 1] of x (rows, m, c).

    No media is no response, also where the inflexion is 0 (a channel without
    any media in the window). x below 0 counts as 0.
    """
    # No media: log 0 = -inf, exp(inf) = inf and 1 / inf = 0, without a case
    # of its own; an inflexion of 0 is moved to infinity for the same end.
    with np.errstate(divide="ignore", over="ignore"):
        powers = np.log(np.maximum(x, 0.0))
        np.subtract(
            np.log(np.where(inflexion > 0, inflexion, np.inf)),
            powers,
            out=powers,
        )
        powers *= alphas
        np.exp(powers, out=powers)
    powers += 1.0
    return np.reciprocal(powers, out=powers)
