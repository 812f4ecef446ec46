package hotpot

import (
	"net/http"
	"slices"
	"strings"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

type attachmentRow struct {
	rowBase
	HostID         string     `json:"hostId,omitempty"`
	VolumeID       string     `json:"volumeId,omitempty"`
	Status         string     `json:"status,omitempty"`
	Mountpoint     string     `json:"mountpoint,omitempty"`
	AttachMode     string     `json:"attachMode,omitempty"`
	AccessProtocol string     `json:"accessProtocol,omitempty"`
	ConnectionInfo connection `json:"connectionInfo"`
}

type connection struct {
	DriverVolumeType string            `json:"driverVolumeType,omitempty"`
	Data             map[string]string `json:"data,omitempty"`
}

func (h *Server) createAttachment(c *call) (int, any, error) {
	var attachment attachmentRow
	if err := c.decode("volume attachment", &attachment); err != nil {
		return 0, nil, err
	}
	volume, err := h.checkAttachment(c.Caller, attachment.HostID, attachment.VolumeID)
	if err != nil {
		return 0, nil, err
	}

	attachment.rowBase = rowBase{ID: h.ids.UUID(), CreatedAt: h.timestamp(), TenantID: c.Tenant}
	attachment.Status = "creating"
	attachment.AccessProtocol = "iscsi"
	if attachment.AttachMode != "ro" {
		attachment.AttachMode = "rw"
	}
	answer := attachment

	attachment.UpdatedAt = h.timestamp()
	volume.UpdatedAt = attachment.UpdatedAt
	if h.failAttach != nil && h.failAttach(attachment.HostID) {
		attachment.Status = "error"
		volume.Status = "available"
	} else {
		attachment.Status = "available"
		attachment.ConnectionInfo = connection{DriverVolumeType: "iscsi", Data: map[string]string{
			"targetDiscovered": "false",
			"targetIQN":        "iqn.2017-10.io.opensds:" + volume.ID,
			"targetPortal":     "127.0.0.1:3260",
		}}
		volume.Status = "inUse"
	}
	h.attachments.put(&attachment)
	return http.StatusAccepted, answer, nil
}

// checkAttachment refuses a volume that is not available. The message says
// "status of volume is available"; that mistake is the real server's.
func (h *Server) checkAttachment(who access.Caller, hostID, volumeID string) (*volumeRow, error) {
	host, err := h.hosts.find(who, hostID)
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "get host failed in create volume attachment method: %v", err)
	}
	volume, err := h.volumes.find(who, volumeID)
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "get volume failed in create volume attachment method: %v", err)
	}
	switch {
	case !slices.Contains(host.AvailabilityZones, volume.AvailabilityZone):
		return nil, refusal(http.StatusBadRequest,
			"availability zone of volume: %s is not in the host availability zones: [%s]",
			volume.AvailabilityZone, strings.Join(host.AvailabilityZones, " "))
	case volume.Status == "inUse" && !volume.MultiAttach:
		return nil, refusal(http.StatusBadRequest, "volume is already attached to one of the host."+
			" If you want to attach to multiple host, volume multiattach must be true")
	case volume.Status != "available" && volume.Status != "inUse":
		return nil, refusal(http.StatusBadRequest, "status of volume is available. It can be attached to host")
	}
	return volume, nil
}

func (h *Server) listAttachments(c *call) (int, any, error) {
	return http.StatusOK, h.attachments.page(c.Caller, c.query, "id", "volumeId", "status", "userId", "tenantId"), nil
}

func (h *Server) getAttachment(c *call) (int, any, error) {
	attachment, err := h.namedAttachment(c)
	return http.StatusOK, attachment, err
}

func (h *Server) namedAttachment(c *call) (*attachmentRow, error) {
	attachment, err := h.attachments.find(c.Caller, c.id)
	if err != nil {
		return nil, refusal(http.StatusNotFound, "volume attachment %s not found: %v", c.id, err)
	}
	return attachment, nil
}

func (h *Server) deleteAttachment(c *call) (int, any, error) {
	attachment, err := h.namedAttachment(c)
	if err != nil {
		return 0, nil, err
	}
	h.attachments.remove(attachment.ID)

	others := h.attachments.where(func(a *attachmentRow) bool {
		return a.VolumeID == attachment.VolumeID && a.Status == "available"
	})
	if volume, ok := h.volumes.rows[attachment.VolumeID]; ok && len(others) == 0 {
		volume.Status = "available"
		volume.UpdatedAt = h.timestamp()
	}
	return http.StatusAccepted, nil, nil
}
