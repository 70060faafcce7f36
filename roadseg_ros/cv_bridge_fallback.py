"""The conversion by cv_bridge of the encodings that the pipeline does not know."""

from __future__ import annotations

import numpy as np

from roadseg_core.pipeline.conversion import ENCODINGS, UnsupportedEncodingError
from roadseg_core.pipeline.decoding import ImageMessage


def through_cv_bridge(message: ImageMessage) -> np.ndarray:
    """
    Convert an image by cv_bridge, which ROS distributions bring.

    :returns: uint8 [height, width, 3], BGR
    :raises UnsupportedEncodingError: if cv_bridge is missing or cannot convert the encoding
    """
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError as error:
        raise UnsupportedEncodingError(
            f'image encoding {message.encoding!r}; expected one of {", ".join(ENCODINGS)}; set the '
            'encoding in the camera driver, or install cv_bridge (apt: '
            'ros-$ROS_DISTRO-cv-bridge), which converts others'
        ) from error
    try:
        return CvBridge().imgmsg_to_cv2(message, 'bgr8')
    except (CvBridgeError, TypeError, ValueError) as error:
        raise UnsupportedEncodingError(
            f'{message.encoding} image that cv_bridge cannot convert to bgr8: {error}'
        ) from error
