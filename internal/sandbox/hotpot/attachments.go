package hotpot

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

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

	due time.Time
}

type connection struct {
	DriverVolumeType string         `json:"driverVolumeType,omitempty"`
	Data             map[string]any `json:"data,omitempty"`
}

func (h *Server) createAttachment(c *call) (int, any, error) {
	var attachment attachmentRow
	if err := c.decode("volume attachment", "VolumeAttachmentSpec", &attachment); err != nil {
		return 0, nil, err
	}
	volume, err := h.checkAttachment(c.Caller, attachment.HostID, attachment.VolumeID)
	if err != nil {
		return 0, nil, err
	}

	attachment.rowBase = rowBase{ID: h.newID(), CreatedAt: h.timestamp(), TenantID: c.Tenant}
	attachment.Status = "creating"
	attachment.AccessProtocol = h.protocolOf(volume)
	if attachment.AttachMode != "ro" {
		attachment.AttachMode = "rw"
	}
	attachment.due = h.due(h.pace.Attach)
	volume.Status = "attaching"
	h.attachments.put(&attachment)
	answer := attachment
	h.settle()
	return http.StatusAccepted, answer, nil
}

// protocolOf is the pool's.
func (h *Server) protocolOf(volume *volumeRow) string {
	if pool, err := h.pools.shared(volume.PoolID); err == nil {
		connectivity, _ := pool.Extras["ioConnectivity"].(map[string]any)
		if protocol, ok := connectivity["accessProtocol"].(string); ok {
			return protocol
		}
	}
	return "iscsi"
}

// finishAttachment is the storage's work. The connection data is that of SODA's
// sample driver, its slips included (H13).
func (h *Server) finishAttachment(attachment *attachmentRow) {
	attachment.UpdatedAt = h.timestamp()
	status := "inUse"
	if h.outage == AttachFails {
		attachment.Status, status = "error", "available"
	} else {
		attachment.Status = "available"
		attachment.ConnectionInfo = connection{DriverVolumeType: "iscsi", Data: map[string]any{
			"discard":          false,
			"targetDiscovered": true,
			"targetIqn":        "iqn.2017-10.io.opensds:volume:00000001",
			"targetPortal":     "127.0.0.0.1:3260",
		}}
	}
	if volume, ok := h.volumes.rows[attachment.VolumeID]; ok {
		volume.Status, volume.UpdatedAt = status, attachment.UpdatedAt
	}
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
	attachments, err := h.attachments.page(c.Caller, c.query, "id", "volumeId", "status", "userId", "tenantId")
	return http.StatusOK, attachments, err
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

// updateAttachment takes over nothing but where the host mounted it.
func (h *Server) updateAttachment(c *call) (int, any, error) {
	var change attachmentRow
	if err := c.decode("volume attachment", "VolumeAttachmentSpec", &change); err != nil {
		return 0, nil, err
	}
	attachment, err := h.attachments.find(c.Caller, c.id)
	if err != nil {
		return 0, nil, refusal(http.StatusInternalServerError, "update volume attachment failed: %v", err)
	}
	attachment.Mountpoint = cmp.Or(change.Mountpoint, attachment.Mountpoint)
	attachment.UpdatedAt = h.timestamp()
	return http.StatusOK, attachment, nil
}

func (h *Server) deleteAttachment(c *call) (int, any, error) {
	attachment, err := h.namedAttachment(c)
	if err != nil {
		return 0, nil, err
	}
	h.attachments.remove(attachment.ID)
	// Whatever other attachments there are (H12).
	if volume, ok := h.volumes.rows[attachment.VolumeID]; ok {
		volume.Status = "available"
		volume.UpdatedAt = h.timestamp()
	}
	return http.StatusAccepted, nil, nil
}
